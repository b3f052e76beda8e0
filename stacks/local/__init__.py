"""The platform as processes of this machine: the clouds' server spec on a PostgreSQL of its own."""
