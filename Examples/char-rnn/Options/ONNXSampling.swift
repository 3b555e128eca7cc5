/// A program in Python that samples from an ONNX file, for model cards; the article Models for other programs has it too.
enum ONNXSampling {
    static func program(file: String) -> String {
        """
        import json, numpy, onnxruntime

        session = onnxruntime.InferenceSession(\(pythonFile(String(file.split(separator: "/").last ?? ""))))
        tokens = json.loads(session.get_modelmeta().custom_metadata_map["vocabulary"])
        names = [each.name for each in session.get_inputs()]
        state = [numpy.zeros([size if isinstance(size, int) else 1 for size in each.shape], numpy.float32)
                 for each in session.get_inputs()[1:]]
        number, text = 0, []
        for _ in range(500):
            logits, *state = session.run(None, dict(zip(names, [numpy.array([[number]]), *state])))
            p = numpy.exp((logits[-1, 0] - logits[-1, 0].max()) / 0.8)
            number = numpy.random.choice(len(tokens), p=p / p.sum())
            text.append(tokens[number])
        print("".join(text) if isinstance(tokens[0], str) else bytes(text).decode(errors="replace"))
        """
    }
}
