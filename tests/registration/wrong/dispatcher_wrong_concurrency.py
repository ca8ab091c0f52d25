from router import Dispatcher, Routes

routes = Routes()
app = Dispatcher(routes, concurrency=0)
