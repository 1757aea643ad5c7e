"""The Platform API as far as the CLI asks for it, a module for each topic.

https://devcenter.heroku.com/articles/platform-api-reference
Where the reference says nothing, the answer was found by running CLI 11.10.0.
"""
