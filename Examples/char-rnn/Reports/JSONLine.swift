import CharRNN

extension Encodable {
    /// A JSON object on one line, its keys in the order of the alphabet and in snake_case.
    func jsonLine() throws -> String { try JSON.text(self, isSnakeCase: true) }
}
