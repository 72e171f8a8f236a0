"""The Redis side: key names, the writer with its atomic call, the reader. All Lua lives here.

Never here: Kafka, HTTP, or what an event means (that is `model`).
"""
