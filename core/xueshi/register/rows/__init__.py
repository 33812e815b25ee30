"""Queries on the tables of the register, one module for each kind of row. Every function takes the scope first; the frame commits."""
