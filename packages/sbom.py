"""The bill of materials of a wheel, made when it is built.

It is CycloneDX, and lies in ``.dist-info/sboms`` (PEP 770).  A wheel holds pop3spy alone, so what
is listed is what pip fetches for it: each direct dependency, in the version that was tested.
"""

import tempfile
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Any

from cyclonedx.model import Property
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentScope, ComponentType
from cyclonedx.model.license import LicenseExpression
from cyclonedx.model.tool import ToolRepository
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.builders.utils import get_reproducible_timestamp
from packageurl import PackageURL
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

FILE = "pop3spy.cdx.json"
SCHEMA = SchemaVersion.V1_6


class SbomHook(BuildHookInterface[Any]):
    """The hook of a build; its setting ``for-developers`` has the extras to leave out."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write the bill, and have it put into the wheel."""
        self.folder = tempfile.TemporaryDirectory()
        if version != "editable":  # that is a link to this checkout, which nobody hands on
            file = Path(self.folder.name) / FILE
            file.write_text(self._bill(), encoding="utf-8")
            build_data["sbom_files"].append(str(file))

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002 - its signature
        """Remove what was written beside the wheel."""
        self.folder.cleanup()

    def _bill(self) -> str:
        program = _component(
            ComponentType.APPLICATION,
            self.metadata.core.name,
            self.metadata.version,
            description=self.metadata.core.description,
            licenses=[LicenseExpression(self.metadata.core.license_expression)],
        )
        needed = list(self._needed())
        builder = _component(ComponentType.APPLICATION, "hatchling", version_of("hatchling"))
        bill = Bom(
            # The same contents have the same number, so that a wheel has the same octets each time.
            serial_number=uuid.uuid5(
                uuid.NAMESPACE_URL, " ".join(str(part.purl) for part in (program, *needed))
            ),
            metadata=BomMetaData(
                component=program,
                tools=ToolRepository(components=[builder]),
                timestamp=datetime.fromtimestamp(get_reproducible_timestamp(), UTC),
            ),
            components=needed,
        )
        bill.register_dependency(program, needed)
        return make_outputter(bill, OutputFormat.JSON, SCHEMA).output_as_string(indent=2)

    def _needed(self) -> Iterator[Component]:
        """Yield each direct dependency, then those of the extras for users."""
        tested = dict(self._tested())
        extras = self.metadata.core.optional_dependencies
        listed = [("", self.metadata.core.dependencies)]
        listed += [
            (extra, needs)
            for extra, needs in extras.items()
            if extra not in self.config["for-developers"]
        ]
        seen = set()
        for extra, requirements in listed:
            for requirement in map(Requirement, requirements):
                name = canonicalize_name(requirement.name)
                if name not in tested:
                    raise ValueError(f"constraints.txt has no version of {name}")
                if name in seen:
                    continue
                seen.add(name)
                scope = ComponentScope.OPTIONAL if extra else ComponentScope.REQUIRED
                properties = [Property(name="pop3spy:requirement", value=str(requirement))]
                if extra:
                    properties.append(Property(name="pop3spy:extra", value=extra))
                yield _component(
                    ComponentType.LIBRARY, name, tested[name], scope=scope, properties=properties
                )

    def _tested(self) -> Iterator[tuple[str, str]]:
        for line in (Path(self.root) / "constraints.txt").read_text(encoding="utf-8").splitlines():
            if not line.startswith("#"):
                name, _, pinned = line.partition("==")
                yield canonicalize_name(name), pinned


def _component(kind: ComponentType, name: str, version: str, **more: Any) -> Component:
    purl = PackageURL("pypi", name=name, version=version)
    return Component(
        type=kind, name=name, version=version, purl=purl, bom_ref=f"{name}=={version}", **more
    )
