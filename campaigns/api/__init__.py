"""The API edge of campaigns: one module a resource."""
