"""Adapters of frameworks: LangChain, LlamaIndex and Haystack over an index. ``README.md`` beside this file has examples.

Each file imports its own framework and no other, and nothing imports them but the program that uses them.
"""
