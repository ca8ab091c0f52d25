import json

from router import Dispatcher

app = Dispatcher(json)
