"""The screens of work between teams."""

from console.admin.team_requests import screen

__all__ = ["screen"]
