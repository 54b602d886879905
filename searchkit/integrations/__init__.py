"""Integrations: adapters of LangChain, LlamaIndex and Haystack. ``README.md`` beside this file has examples.

Each file imports its own framework and no other, and nothing imports them but the program that uses them.
"""
