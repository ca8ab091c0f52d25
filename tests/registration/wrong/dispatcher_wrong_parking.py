from router import Dispatcher, MemoryParking, Routes

routes = Routes()
app = Dispatcher(routes, parking=MemoryParking)
