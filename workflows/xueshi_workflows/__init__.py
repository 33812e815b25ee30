"""Durable campaigns on Temporal: the workflows, their activities and the sender behind core's `CommandPort`.

`plugin.py` is the whole registration surface: `WORKFLOWS`, the activities, data converter and sandbox in one place.
This module stays empty of imports, because the workflow sandbox loads it for every workflow.
"""
