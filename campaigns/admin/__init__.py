"""The admin edge of campaigns: one module a screen or resource."""

from campaigns.admin import campaign, message, suppression, template

__all__ = ["campaign", "message", "suppression", "template"]
