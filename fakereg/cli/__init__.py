"""The command `fakereg`: one file per subcommand, and what they share."""
