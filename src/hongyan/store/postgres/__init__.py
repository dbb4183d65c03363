"""PostgreSQL: the store of several processes on several machines; see `service.ports`."""
