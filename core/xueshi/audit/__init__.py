"""The hash chain of every act, and artifacts by digest."""
