"""Reads {"schema": …, "documents": […]} and prints a list: for each document null, or the path of what is wrong with it."""

import json
import sys

from jsonschema import Draft202012Validator

asked = json.load(sys.stdin)
Draft202012Validator.check_schema(asked["schema"])
validator = Draft202012Validator(asked["schema"])
errors = (next(validator.iter_errors(document), None) for document in asked["documents"])
json.dump([error and {"path": error.json_path, "message": error.message} for error in errors], sys.stdout)
