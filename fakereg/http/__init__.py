"""The one ring that knows aiohttp: between its requests and responses and the registry's own."""
