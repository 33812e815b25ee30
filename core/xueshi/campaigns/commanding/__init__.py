"""The command port: the table of commands, who carries one out, and the loop that sends it on."""
