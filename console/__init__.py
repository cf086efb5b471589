"""The floor and the roof of the house: settings, staff, audit, approvals; site, dashboard, API."""
