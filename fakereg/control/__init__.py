"""The admin API: what a Python test does by methods, other languages do by requests under `/_fakereg/`.

Law of this package: it decides nothing about the registry. Every operation calls what a Python test calls;
what is its own is the form of requests and answers, and who may ask.
"""
