"""What is answered: the endpoint table, one operation per action, and the profile that they decide by."""
