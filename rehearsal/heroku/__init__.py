"""The stand-in for Heroku: `platform` starts its parts and gives each what it uses."""
