"""Holds raw answers against botocore's service model, more strictly than botocore's parser does."""

import json

# What any AWS service may answer, whatever the operation documents.
COMMON = {
    "AccessDeniedException": 403,
    "ExpiredTokenException": 403,
    "IncompleteSignatureException": 403,
    "MissingAuthenticationTokenException": 403,
    "SignatureDoesNotMatch": 403,
    "ThrottlingException": 429,
    "UnrecognizedClientException": 403,
}


def check_answer(operation, response):
    """The error code, or None after a success; raises AssertionError with a sentence."""
    headers = {name.lower(): value for name, value in response.headers.items()}
    assert headers.get("x-amzn-requestid"), "an answer has a request id"
    if response.status_code < 300:
        check_success(operation, response)
        return None
    return check_error(operation, response, headers)


def check_success(operation, response):
    assert response.status_code == 200, f"{operation.name}: {response.status_code}"
    if operation.output_shape is None or not operation.output_shape.members:
        assert response.content == b"", f"{operation.name}: an empty answer is empty"
        return
    check_shape(operation.output_shape, json.loads(response.content), operation.name)


def check_error(operation, response, headers):
    code = headers.get("x-amzn-errortype")
    documented = {shape.name: shape for shape in operation.error_shapes}
    assert code in documented or code in COMMON, f"{operation.name} does not document {code}"
    body = json.loads(response.content)
    assert body.get("Message"), f"{operation.name}: {code} without Message"
    if code in documented:
        status = documented[code].metadata["error"]["httpStatusCode"]
        check_shape(documented[code], body, code)
    else:
        status = COMMON[code]
    assert response.status_code == status, f"{code} is {status}, not {response.status_code}"
    return code


def check_shape(shape, value, where):
    """The value has the shape's type and keeps its constraints; members unknown to the shape are errors."""
    check = {
        "structure": check_structure,
        "list": check_list,
        "map": check_map,
        "string": check_string,
        "integer": check_number,
        "long": check_number,
        "float": check_float,
        "boolean": lambda shape, value, where: check_type(value, bool, where),
        "timestamp": lambda shape, value, where: check_type(value, float, where),
    }[shape.type_name]
    check(shape, value, where)


def check_type(value, kind, where):
    assert isinstance(value, kind), f"{where}: {value!r} is no {kind.__name__}"


def check_structure(shape, value, where):
    check_type(value, dict, where)
    for name, member in value.items():
        assert name in shape.members, f"{where}: unknown member {name}"
        check_shape(shape.members[name], member, f"{where}.{name}")
    for name in shape.required_members:
        assert name in value, f"{where}: {name} is missing"


def check_list(shape, value, where):
    check_type(value, list, where)
    check_range(shape, len(value), where)
    for item in value:
        check_shape(shape.member, item, where + "[]")


def check_map(shape, value, where):
    check_type(value, dict, where)
    for name, item in value.items():
        check_shape(shape.key, name, where + ".key")
        check_shape(shape.value, item, f"{where}.{name}")


def check_string(shape, value, where):
    check_type(value, str, where)
    check_range(shape, len(value), where)
    assert not shape.enum or value in shape.enum, f"{where}: {value} is none of {shape.enum}"


def check_number(shape, value, where):
    check_type(value, int, where)
    check_range(shape, value, where)


def check_float(shape, value, where):
    check_type(value, float, where)
    check_range(shape, value, where)


def check_range(shape, number, where):
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    assert low is None or number >= low, f"{where}: {number} is under {low}"
    assert high is None or number <= high, f"{where}: {number} is over {high}"
