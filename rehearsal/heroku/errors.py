"""Errors of the API, in the form the CLI prints.

https://devcenter.heroku.com/articles/platform-api-reference#errors
"""


class ApiError(Exception):
    def __init__(self, status: int, identity: str, message: str, **more):
        super().__init__(message)
        self.status = status
        self.body = {"id": identity, "message": message, **more}


class NotFound(ApiError):
    def __init__(self, message: str, resource: str):
        super().__init__(404, "not_found", message, resource=resource)


class Unprocessable(ApiError):
    def __init__(self, identity: str, message: str):
        super().__init__(422, identity, message)
