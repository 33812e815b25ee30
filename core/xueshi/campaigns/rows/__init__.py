"""Queries on the tables of campaigns, one module for each kind of row. The frame that opened the session commits."""
