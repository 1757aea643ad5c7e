"""What the Platform API answers, cut out of Heroku's own schema.

platform_api.json has, for each request that the stand-in answers and the schema knows,
the JSON schema of the answer: names, types, formats and choices of the fields, no text.
So every checkout has them at hand, without the network. They are of 2026-02-19, made
from https://github.com/heroku/platform-api/blob/master/schema.json by

    python -m tests.support.platform_api schema.json

The types that come with the CLI (npm, @heroku-cli/schema) would need no file of ours,
but they are older than the answers and call every field optional.
"""

import json
import re
import sys
from pathlib import Path

FACTS = Path(__file__).with_suffix(".json")
KEPT = ["type", "format", "enum", "additionalProperties", "patternProperties"]

# What an answer may have beyond the schema, and who asks for it.
EXTRA = {
    "price": {},  # of a plan: Accept-Expansion
    "plan": {},  # of an attachment's add-on: Accept-Inclusion
    "config_vars": {},  # of an attachment: Accept-Inclusion
    "pipeline": {},  # of a coupling: with its name, which the CLI shows
}
# Parts that a person's app or account has not: those of a company, of a domain with a
# certificate, of a release with a slug.
ABSENT = {
    *("identity_provider", "default_organization", "default_team"),
    *("organization", "team", "space"),
    *("sni_endpoint", "slug"),
}


def read() -> dict:
    """Return the facts, ready for a validator: `answers` and `definitions`."""
    facts = json.loads(FACTS.read_text())
    return {name: loosen(part) for name, part in facts.items()}


def loosen(part):
    """Allow what EXTRA and ABSENT name."""
    if isinstance(part, list):
        return [loosen(each) for each in part]
    if not isinstance(part, dict):
        return part
    made = {name: loosen(each) for name, each in part.items()}
    if isinstance(properties := made.get("properties"), dict):
        for name in ABSENT & properties.keys():
            properties[name] = {"anyOf": [{"type": "null"}, properties[name]]}
        made["properties"] = properties | EXTRA
    return made


def resolve(schema: dict, part: dict) -> dict:
    while "$ref" in part:
        found = schema
        for key in part["$ref"].removeprefix("#/").split("/"):
            found = found[key]
        part = found
    return part


def strict(schema: dict, part: dict) -> dict:
    """Resolve references; where the schema is strict, demand all it knows."""
    part = resolve(schema, part)
    made = {key: part[key] for key in KEPT if key in part}
    for choice in {"anyOf", "oneOf"} & part.keys():
        made[choice] = [strict(schema, option) for option in part[choice]]
    if "items" in part:
        made["items"] = strict(schema, part["items"])
    if "properties" in part:
        made["properties"] = {
            name: strict(schema, value) for name, value in part["properties"].items()
        }
        made["additionalProperties"] = False
        if part.get("strictProperties"):
            made["required"] = sorted(part["properties"])
    return made


def find(schema: dict, method: str, path: str) -> tuple[str, dict]:
    """Return the link that a request matches, and the definition that has it.

    Raises LookupError if there is none.
    """
    for name, definition in schema["definitions"].items():
        for link in definition.get("links", []):
            pattern = re.sub(r"\{[^}]*\}", "[^/]+", link["href"])
            if link["method"] == method and re.fullmatch(pattern, path):
                return name, link
    raise LookupError(f"The schema has no link {method} {path}")


def dump(value, depth: int) -> str:
    """JSON with a line for each member, down to a depth."""
    if not depth or not isinstance(value, dict):
        return json.dumps(value, sort_keys=True)
    members = [f"{json.dumps(k)}: {dump(value[k], depth - 1)}" for k in sorted(value)]
    return "{\n" + ",\n".join(members) + "}"


def main(file: str):
    from tests.test_rehearsal_heroku_api import REQUESTS

    schema = json.loads(Path(file).read_text())
    answers, definitions = {}, {}
    for method, path, _ in REQUESTS:
        name, link = find(schema, method, path)
        one = {"$ref": f"#/definitions/{name}"}
        target = link.get("targetSchema", one)
        if "items" in target or link["rel"] == "instances":
            target = {"type": "array", "items": target.get("items", one)}
        elif target != one:
            target = strict(schema, target)
        answers[f"{method} {path}"] = target
        definitions[name] = strict(schema, schema["definitions"][name])
    parts = f'"answers": {dump(answers, 1)},\n"definitions": {dump(definitions, 3)}'
    FACTS.write_text(f"{{{parts}}}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
