"""The bucket of an app, for which Heroku has no service of its own.

A stand-in for the three requests that the app's S3 client makes, with the bucket in
the path: https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations.html
Every bucket is there, and no signature is checked. (The PyPI package moto plays the
whole of S3, and brings a web server and twenty packages.)
"""

import hashlib

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


class ObjectStore:
    """Keeps objects in memory; `routes` are PutObject, GetObject and HeadObject."""

    def __init__(self):
        self.objects: dict[str, bytes] = {}
        self.routes = [Route("/{name:path}", self.serve, methods=["GET", "PUT"])]

    async def serve(self, request: Request) -> Response:
        name = request.path_params["name"]
        if request.method == "PUT":
            self.objects[name] = await request.body()
        if name not in self.objects:
            return Response(status_code=404)
        content = self.objects[name]
        tag = hashlib.md5(content, usedforsecurity=False).hexdigest()
        body = b"" if request.method == "PUT" else content
        return Response(body, headers={"ETag": f'"{tag}"'})
