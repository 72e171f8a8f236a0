"""What single notebooks need and no service does: hands-on pipelines, measurements, their charts.

One small module a subject, named after it. Never here: what the lab or a stage does.
"""
