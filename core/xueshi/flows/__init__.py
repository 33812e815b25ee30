"""Approval flows as data: levels, routing by sector and kind of unit, a bureau's overlay, the checks and the words."""
