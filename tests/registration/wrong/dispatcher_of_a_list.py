from router import Dispatcher, Routes

routes = Routes()
app = Dispatcher([routes])
