import FoundationEssentials
import Hummingbird
import NIOCore
import NIOHTTPTypes

/// Gives Hummingbird's empty answer to what is no HTTP a body as ours have.
final class ParserErrorHandler: ChannelOutboundHandler, RemovableChannelHandler {
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let refusal = Refusal(.badRequest, "the request", "it is no HTTP, or its head is too large")
        guard case .head(var head) = unwrapOutboundIn(data), head.status == .badRequest,
            head.headerFields[.contentLength] == "0", let body = try? jsonBytes(refusal)
        else { return context.write(data, promise: promise) }
        head.headerFields[.contentType] = "application/json"
        head.headerFields[.contentLength] = "\(body.count)"
        context.write(wrapOutboundOut(.head(head)), promise: promise)
        context.write(wrapOutboundOut(.body(ByteBuffer(bytes: body))), promise: nil)
    }
}
