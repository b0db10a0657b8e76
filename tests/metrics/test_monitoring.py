"""The dashboard and the alerts of examples/monitoring ask for metrics that there are."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from pop3spy.metrics.exposition import Exposition
from pop3spy.metrics.families import FAMILIES, MetricKind
from pop3spy.metrics.tally import Tallies

FOLDER = Path(__file__).parents[2] / "examples" / "monitoring"
DASHBOARD = json.loads((FOLDER / "grafana.json").read_text(encoding="utf-8"))
ALERTS = yaml.safe_load((FOLDER / "alerts.yml").read_text(encoding="utf-8"))
PARTS = {
    MetricKind.COUNTER: ("",),
    MetricKind.GAUGE: ("",),
    MetricKind.HISTOGRAM: ("_bucket", "_count", "_sum"),
}
OF_THE_TARGET = {"instance", "job"}


def labels() -> dict[str, set[str]]:
    """Return the labels of everything that can be asked for."""
    found = {}
    for family in FAMILIES.values():
        names = {label.name for label in family.labels}
        for part in PARTS[family.kind]:
            found[f"{family.name}{part}"] = names | ({"le"} if part == "_bucket" else set())
    exposition = Exposition(Tallies, lambda: [1])
    found |= {
        sample.name: set()
        for metric in exposition.collect()
        for sample in metric.samples
        if sample.name.startswith("process_")
    }
    return found


def queries() -> Iterator[tuple[str, str]]:
    for panel in DASHBOARD["panels"]:
        yield from ((panel["title"], target["expr"]) for target in panel["targets"])
    for group in ALERTS["groups"]:
        yield from ((rule["alert"], rule["expr"]) for rule in group["rules"])


@pytest.mark.parametrize(("what", "query"), list(queries()))
def test_a_query_asks_for_what_there_is(what: str, query: str) -> None:
    known = labels()
    asked = re.findall(r"\b((?:pop3spy|process)_\w+)(?:\{([^}]*)\})?", query)
    assert asked, what
    names = set().union(*(known[name] for name, _ in asked)) | OF_THE_TARGET
    for name, matchers in asked:
        for label, sign, value in re.findall(r'(\w+)(=~|!~|!=|=)"([^"]*)"', matchers):
            assert label in known[name] | OF_THE_TARGET, f"{what}: {name} has no {label}"
            if label in OF_THE_TARGET:
                continue
            family = FAMILIES[re.sub(r"_(bucket|count|sum)$", "", name)]
            values = next(each.values for each in family.labels if each.name == label)
            fits = re.compile(value if sign == "=~" else re.escape(value)).fullmatch
            alternatives = value.split("|") if sign == "=~" else [value]
            assert any(map(fits, values)), f"{what}: no {label} is {value}"
            for each in alternatives:
                assert any(map(re.compile(each).fullmatch, values)), f"{what}: {each}"
    for grouped in re.findall(r"\bby \(([^)]*)\)", query):
        for label in re.split(r",\s*", grouped):
            assert label in names, f"{what}: nothing has the label {label}"


def test_each_legend_has_labels_of_its_query() -> None:
    for panel in DASHBOARD["panels"]:
        for target in panel["targets"]:
            grouped = re.findall(r"\bby \(([^)]*)\)", target["expr"])
            by = set(re.split(r",\s*", ",".join(grouped))) | OF_THE_TARGET
            assert set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])) <= by


def test_panels_are_beside_one_another() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert not cells & taken
        assert at["x"] + at["w"] <= 24
        taken |= cells
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])


def test_every_metric_of_health_has_a_place_on_the_dashboard() -> None:
    text = json.dumps(DASHBOARD)
    unseen = {name for name in FAMILIES if name not in text}
    assert unseen == {"pop3spy_sessions_total", "pop3spy_build_info"}
