"""What stands between us and a slow, limited, paid, sometimes broken provider; shared by all processes."""
