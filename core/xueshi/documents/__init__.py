"""Official papers as data: what they are filled with, what a jurisdiction says about them, what proves them."""
