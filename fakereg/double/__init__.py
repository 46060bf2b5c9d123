"""What makes the registry a test double: the journal, warnings on demand, and the line that a request walks."""
