"""The door for events: a thin WSGI application that official client libraries talk to."""
