"""The bot on Telegram: a conversation to order, to see what one owes, and to pay."""
