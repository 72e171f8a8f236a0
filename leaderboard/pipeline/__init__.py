"""The Kafka side: topics, producer, processor, dead letters, lag.

Never here: Redis commands (that is `store`) or what an event means (that is `model`).
"""
