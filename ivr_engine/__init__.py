"""A contact-centre engine on Asterisk: flows decide what a caller hears, the centre decides which agent answers."""

__version__ = "0.1.0"
