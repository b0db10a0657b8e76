// Questions to the API: each answer is {status, ...what it says}.

const JSON_TYPE = { "content-type": "application/json" };

export async function get(path) {
  return answered(await fetch(path));
}

export async function post(path, told) {
  return answered(await fetch(path, { method: "POST", headers: JSON_TYPE, body: JSON.stringify(told) }));
}

// An act that got no answer is asked for again with its id, so it happens once.
export async function act(name, more = {}) {
  const told = { id: crypto.randomUUID(), act: name, ...more };
  try {
    return await post("/api/acts", told);
  } catch {
    try {
      return await post("/api/acts", told);
    } catch {
      return { status: 0, error: "the proxy cannot be reached" };
    }
  }
}

async function answered(response) {
  const type = response.headers.get("content-type") || "";
  const told = type.startsWith("application/json") ? await response.json() : {};
  return { ...told, status: response.status };
}
