"""What an environment file says: its format, its rules, and how its mistakes are reported."""
