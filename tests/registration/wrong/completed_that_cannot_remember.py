from router import Dispatcher

app = Dispatcher(completed=set())
