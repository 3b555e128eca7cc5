import Dispatch
import Synchronization

/// The results of `body` for each element, run side by side; what two elements touch must be apart.
///
/// - Throws: the error of the first element that has one, when all have ended.
func concurrently<Element, Value: Sendable>(
    on elements: some Collection<Element>, _ body: (Element) throws -> Value
) throws -> [Value] {
    let elements = Array(elements)
    let results = Mutex<[Int: Result<Value, any Error>]>([:])
    nonisolated(unsafe) let (shared, work) = (elements, body)
    DispatchQueue.concurrentPerform(iterations: elements.count) { index in
        let result = Result { try work(shared[index]) }
        results.withLock { $0[index] = result }
    }
    return try results.withLock { results in try elements.indices.map { try results[$0]!.get() } }
}
