"""What schemathesis does not know of the control API: which server errors are answers, and what must outlive a run."""

import schemathesis
from schemathesis.specs.openapi.checks import ignored_auth

# The token the run itself uses.
OWN_TOKEN = "first-start"


@schemathesis.check
def no_fault_of_our_own(ctx, response, case):
    """A platform that refuses, is gone or is silent is told as 502, 503 or 504 with a problem; nothing else is 5xx."""
    if response.status_code < 500:
        return
    kind = response.headers.get("content-type", ["?"])[0]
    told = response.status_code in (502, 503, 504) and kind == "application/problem+json"
    assert told, f"{response.status_code} {kind}"


@schemathesis.check
def no_open_door(ctx, response, case):
    """Without a token, or with a wrong one, an operation is closed; the brake on wrong ones may answer before that."""
    try:
        return ignored_auth(ctx, response, case)
    except AssertionError as failure:
        if "`429 " not in str(failure):
            raise


@schemathesis.hook
def filter_case(ctx, case):
    """Nor is the seat that is logged in logged out by its name."""
    parameters = dict(case.path_parameters or {})
    return parameters.get("id") != OWN_TOKEN and parameters.get("seat") != "default"
