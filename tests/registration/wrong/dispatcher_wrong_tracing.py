from router import Dispatcher

app = Dispatcher(tracing=True)
