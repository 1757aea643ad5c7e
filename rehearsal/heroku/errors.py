"""Errors of the API, in the form the CLI prints.

https://devcenter.heroku.com/articles/platform-api-reference#errors
"""


class ApiError(Exception):
    """An answer with an HTTP status, an identifier and a message."""

    def __init__(self, status: int, identity: str, message: str, **more):
        super().__init__(message)
        self.status = status
        self.body = {"id": identity, "message": message, **more}


class NotFound(ApiError):
    """The platform has no such thing."""

    def __init__(self, message: str, resource: str):
        super().__init__(404, "not_found", message, resource=resource)


class Unprocessable(ApiError):
    """The platform refuses what it understood."""

    def __init__(self, message: str, identity: str = "invalid_params"):
        super().__init__(422, identity, message)


class CannotPlay(ApiError):
    """Heroku might do it and the stand-in cannot: recorded, so a rehearsal stops.

    The message says so in the stand-in's own name.
    """

    def __init__(self, message: str):
        super().__init__(422, "not_implemented", f"The stand-in {message}")
