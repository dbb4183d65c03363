"""Tencent Cloud SMS 腾讯云短信, API 3.0: its calls, answers and faults, from both sides."""
