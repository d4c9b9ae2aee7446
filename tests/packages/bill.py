"""A bill of materials by CycloneDX's schema. usage: bill.py sbom.cdx.json purl..."""

import json
import sys
from pathlib import Path

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

text = Path(sys.argv[1]).read_text()
problem = JsonStrictValidator(SchemaVersion.V1_5).validate_str(text)
assert problem is None, problem
purls = [component["purl"] for component in json.loads(text)["components"]]
for wanted in sys.argv[2:]:
    assert any(purl.startswith(wanted) for purl in purls), f"{wanted} is not in the bill"
assert not any(purl.startswith("pkg:cargo/rcgen@") for purl in purls), "what only tests need is in the bill"
