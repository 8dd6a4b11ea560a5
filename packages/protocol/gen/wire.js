/*eslint-disable block-scoped-var, id-length, no-control-regex, no-magic-numbers, no-mixed-operators, no-prototype-builtins, no-redeclare, no-shadow, no-var, sort-vars, default-case, jsdoc/require-param*/
import $protobuf from "protobufjs/minimal.js";

// Common aliases
const $Reader = $protobuf.Reader, $Writer = $protobuf.Writer, $util = $protobuf.util;
const $Object = $util.global.Object, $undefined = $util.global.undefined, $Error = $util.global.Error, $RangeError = $util.global.RangeError;

// Exported root namespace
const $root = $protobuf.roots["hansa-wire"] || ($protobuf.roots["hansa-wire"] = {});

export const hansa = $root.hansa = (() => {

    /**
     * Namespace hansa.
     * @exports hansa
     * @namespace
     */
    const hansa = {};

    hansa.wire = (function() {

        /**
         * Namespace wire.
         * @memberof hansa
         * @namespace
         */
        const wire = {};

        wire.ProposalRequest = (function() {

            /**
             * Properties of a ProposalRequest.
             * @typedef {Object} hansa.wire.ProposalRequest.$Properties
             * @property {Uint8Array|null} [digest] ProposalRequest digest
             * @property {Long|null} [heightMin] ProposalRequest heightMin
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a ProposalRequest.
             * @memberof hansa.wire
             * @interface IProposalRequest
             * @augments hansa.wire.ProposalRequest.$Properties
             * @deprecated Use hansa.wire.ProposalRequest.$Properties instead.
             */

            /**
             * Shape of a ProposalRequest.
             * @typedef {hansa.wire.ProposalRequest.$Properties} hansa.wire.ProposalRequest.$Shape
             */

            /**
             * Constructs a new ProposalRequest.
             * @memberof hansa.wire
             * @classdesc Represents a ProposalRequest.
             * @constructor
             * @param {hansa.wire.ProposalRequest.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const ProposalRequest = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * ProposalRequest digest.
             * @member {Uint8Array} digest
             * @memberof hansa.wire.ProposalRequest
             * @instance
             */
            ProposalRequest.prototype.digest = $util.newBuffer([]);

            /**
             * ProposalRequest heightMin.
             * @member {Long} heightMin
             * @memberof hansa.wire.ProposalRequest
             * @instance
             */
            ProposalRequest.prototype.heightMin = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Creates a new ProposalRequest instance using the specified properties.
             * @function create
             * @memberof hansa.wire.ProposalRequest
             * @static
             * @param {hansa.wire.ProposalRequest.$Properties=} [properties] Properties to set
             * @returns {hansa.wire.ProposalRequest} ProposalRequest instance
             * @type {{
             *   (properties: hansa.wire.ProposalRequest.$Shape): hansa.wire.ProposalRequest & hansa.wire.ProposalRequest.$Shape;
             *   (properties?: hansa.wire.ProposalRequest.$Properties): hansa.wire.ProposalRequest;
             * }}
             */
            ProposalRequest.create = function(properties) {
                return new ProposalRequest(properties);
            };

            /**
             * Encodes the specified ProposalRequest message. Does not implicitly {@link hansa.wire.ProposalRequest.verify|verify} messages.
             * @function encode
             * @memberof hansa.wire.ProposalRequest
             * @static
             * @param {hansa.wire.ProposalRequest.$Properties} message ProposalRequest message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            ProposalRequest.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.digest != null && $Object.hasOwnProperty.call(message, "digest") && message.digest.length)
                    writer.uint32(/* id 1, wireType 2 =*/10).bytes(message.digest);
                if (message.heightMin != null && $Object.hasOwnProperty.call(message, "heightMin") && (typeof message.heightMin === "object" ? message.heightMin.low || message.heightMin.high : message.heightMin !== 0))
                    writer.uint32(/* id 2, wireType 0 =*/16).uint64(message.heightMin);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a ProposalRequest message from the specified reader or buffer.
             * @function decode
             * @memberof hansa.wire.ProposalRequest
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {hansa.wire.ProposalRequest & hansa.wire.ProposalRequest.$Shape} ProposalRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            ProposalRequest.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.hansa.wire.ProposalRequest();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.digest = value;
                            else
                                delete message.digest;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.heightMin = value;
                            else
                                delete message.heightMin;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return ProposalRequest;
        })();

        wire.ProposalChain = (function() {

            /**
             * Properties of a ProposalChain.
             * @typedef {Object} hansa.wire.ProposalChain.$Properties
             * @property {Array.<Uint8Array>|null} [proposals] ProposalChain proposals
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a ProposalChain.
             * @memberof hansa.wire
             * @interface IProposalChain
             * @augments hansa.wire.ProposalChain.$Properties
             * @deprecated Use hansa.wire.ProposalChain.$Properties instead.
             */

            /**
             * Shape of a ProposalChain.
             * @typedef {hansa.wire.ProposalChain.$Properties} hansa.wire.ProposalChain.$Shape
             */

            /**
             * Constructs a new ProposalChain.
             * @memberof hansa.wire
             * @classdesc Represents a ProposalChain.
             * @constructor
             * @param {hansa.wire.ProposalChain.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const ProposalChain = function (properties) {
                this.proposals = [];
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * ProposalChain proposals.
             * @member {Array.<Uint8Array>} proposals
             * @memberof hansa.wire.ProposalChain
             * @instance
             */
            ProposalChain.prototype.proposals = $util.emptyArray;

            /**
             * Creates a new ProposalChain instance using the specified properties.
             * @function create
             * @memberof hansa.wire.ProposalChain
             * @static
             * @param {hansa.wire.ProposalChain.$Properties=} [properties] Properties to set
             * @returns {hansa.wire.ProposalChain} ProposalChain instance
             * @type {{
             *   (properties: hansa.wire.ProposalChain.$Shape): hansa.wire.ProposalChain & hansa.wire.ProposalChain.$Shape;
             *   (properties?: hansa.wire.ProposalChain.$Properties): hansa.wire.ProposalChain;
             * }}
             */
            ProposalChain.create = function(properties) {
                return new ProposalChain(properties);
            };

            /**
             * Encodes the specified ProposalChain message. Does not implicitly {@link hansa.wire.ProposalChain.verify|verify} messages.
             * @function encode
             * @memberof hansa.wire.ProposalChain
             * @static
             * @param {hansa.wire.ProposalChain.$Properties} message ProposalChain message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            ProposalChain.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.proposals != null && message.proposals.length)
                    for (let i = 0; i < message.proposals.length; ++i)
                        writer.uint32(/* id 1, wireType 2 =*/10).bytes(message.proposals[i]);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a ProposalChain message from the specified reader or buffer.
             * @function decode
             * @memberof hansa.wire.ProposalChain
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {hansa.wire.ProposalChain & hansa.wire.ProposalChain.$Shape} ProposalChain
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            ProposalChain.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.hansa.wire.ProposalChain();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if (!(message.proposals && message.proposals.length))
                                message.proposals = [];
                            message.proposals.push(reader.bytes());
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return ProposalChain;
        })();

        wire.IncarnationStored = (function() {

            /**
             * Properties of an IncarnationStored.
             * @typedef {Object} hansa.wire.IncarnationStored.$Properties
             * @property {Long|null} [incarnation] IncarnationStored incarnation
             * @property {Uint8Array|null} [instance] IncarnationStored instance
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of an IncarnationStored.
             * @memberof hansa.wire
             * @interface IIncarnationStored
             * @augments hansa.wire.IncarnationStored.$Properties
             * @deprecated Use hansa.wire.IncarnationStored.$Properties instead.
             */

            /**
             * Shape of an IncarnationStored.
             * @typedef {hansa.wire.IncarnationStored.$Properties} hansa.wire.IncarnationStored.$Shape
             */

            /**
             * Constructs a new IncarnationStored.
             * @memberof hansa.wire
             * @classdesc Represents an IncarnationStored.
             * @constructor
             * @param {hansa.wire.IncarnationStored.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const IncarnationStored = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * IncarnationStored incarnation.
             * @member {Long} incarnation
             * @memberof hansa.wire.IncarnationStored
             * @instance
             */
            IncarnationStored.prototype.incarnation = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * IncarnationStored instance.
             * @member {Uint8Array} instance
             * @memberof hansa.wire.IncarnationStored
             * @instance
             */
            IncarnationStored.prototype.instance = $util.newBuffer([]);

            /**
             * Creates a new IncarnationStored instance using the specified properties.
             * @function create
             * @memberof hansa.wire.IncarnationStored
             * @static
             * @param {hansa.wire.IncarnationStored.$Properties=} [properties] Properties to set
             * @returns {hansa.wire.IncarnationStored} IncarnationStored instance
             * @type {{
             *   (properties: hansa.wire.IncarnationStored.$Shape): hansa.wire.IncarnationStored & hansa.wire.IncarnationStored.$Shape;
             *   (properties?: hansa.wire.IncarnationStored.$Properties): hansa.wire.IncarnationStored;
             * }}
             */
            IncarnationStored.create = function(properties) {
                return new IncarnationStored(properties);
            };

            /**
             * Encodes the specified IncarnationStored message. Does not implicitly {@link hansa.wire.IncarnationStored.verify|verify} messages.
             * @function encode
             * @memberof hansa.wire.IncarnationStored
             * @static
             * @param {hansa.wire.IncarnationStored.$Properties} message IncarnationStored message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            IncarnationStored.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.incarnation != null && $Object.hasOwnProperty.call(message, "incarnation") && (typeof message.incarnation === "object" ? message.incarnation.low || message.incarnation.high : message.incarnation !== 0))
                    writer.uint32(/* id 1, wireType 0 =*/8).uint64(message.incarnation);
                if (message.instance != null && $Object.hasOwnProperty.call(message, "instance") && message.instance.length)
                    writer.uint32(/* id 2, wireType 2 =*/18).bytes(message.instance);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes an IncarnationStored message from the specified reader or buffer.
             * @function decode
             * @memberof hansa.wire.IncarnationStored
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {hansa.wire.IncarnationStored & hansa.wire.IncarnationStored.$Shape} IncarnationStored
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            IncarnationStored.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.hansa.wire.IncarnationStored();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.incarnation = value;
                            else
                                delete message.incarnation;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.instance = value;
                            else
                                delete message.instance;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return IncarnationStored;
        })();

        wire.FinalHeight = (function() {

            /**
             * Properties of a FinalHeight.
             * @typedef {Object} hansa.wire.FinalHeight.$Properties
             * @property {Uint8Array|null} [nonce] FinalHeight nonce
             * @property {Long|null} [height] FinalHeight height
             * @property {Uint8Array|null} [certificate] FinalHeight certificate
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a FinalHeight.
             * @memberof hansa.wire
             * @interface IFinalHeight
             * @augments hansa.wire.FinalHeight.$Properties
             * @deprecated Use hansa.wire.FinalHeight.$Properties instead.
             */

            /**
             * Shape of a FinalHeight.
             * @typedef {hansa.wire.FinalHeight.$Properties} hansa.wire.FinalHeight.$Shape
             */

            /**
             * Constructs a new FinalHeight.
             * @memberof hansa.wire
             * @classdesc Represents a FinalHeight.
             * @constructor
             * @param {hansa.wire.FinalHeight.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const FinalHeight = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * FinalHeight nonce.
             * @member {Uint8Array} nonce
             * @memberof hansa.wire.FinalHeight
             * @instance
             */
            FinalHeight.prototype.nonce = $util.newBuffer([]);

            /**
             * FinalHeight height.
             * @member {Long} height
             * @memberof hansa.wire.FinalHeight
             * @instance
             */
            FinalHeight.prototype.height = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * FinalHeight certificate.
             * @member {Uint8Array} certificate
             * @memberof hansa.wire.FinalHeight
             * @instance
             */
            FinalHeight.prototype.certificate = $util.newBuffer([]);

            /**
             * Creates a new FinalHeight instance using the specified properties.
             * @function create
             * @memberof hansa.wire.FinalHeight
             * @static
             * @param {hansa.wire.FinalHeight.$Properties=} [properties] Properties to set
             * @returns {hansa.wire.FinalHeight} FinalHeight instance
             * @type {{
             *   (properties: hansa.wire.FinalHeight.$Shape): hansa.wire.FinalHeight & hansa.wire.FinalHeight.$Shape;
             *   (properties?: hansa.wire.FinalHeight.$Properties): hansa.wire.FinalHeight;
             * }}
             */
            FinalHeight.create = function(properties) {
                return new FinalHeight(properties);
            };

            /**
             * Encodes the specified FinalHeight message. Does not implicitly {@link hansa.wire.FinalHeight.verify|verify} messages.
             * @function encode
             * @memberof hansa.wire.FinalHeight
             * @static
             * @param {hansa.wire.FinalHeight.$Properties} message FinalHeight message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            FinalHeight.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.nonce != null && $Object.hasOwnProperty.call(message, "nonce") && message.nonce.length)
                    writer.uint32(/* id 1, wireType 2 =*/10).bytes(message.nonce);
                if (message.height != null && $Object.hasOwnProperty.call(message, "height") && (typeof message.height === "object" ? message.height.low || message.height.high : message.height !== 0))
                    writer.uint32(/* id 2, wireType 0 =*/16).uint64(message.height);
                if (message.certificate != null && $Object.hasOwnProperty.call(message, "certificate") && message.certificate.length)
                    writer.uint32(/* id 3, wireType 2 =*/26).bytes(message.certificate);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a FinalHeight message from the specified reader or buffer.
             * @function decode
             * @memberof hansa.wire.FinalHeight
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {hansa.wire.FinalHeight & hansa.wire.FinalHeight.$Shape} FinalHeight
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            FinalHeight.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.hansa.wire.FinalHeight();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.nonce = value;
                            else
                                delete message.nonce;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.height = value;
                            else
                                delete message.height;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.certificate = value;
                            else
                                delete message.certificate;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return FinalHeight;
        })();

        wire.ConsensusFrame = (function() {

            /**
             * Properties of a ConsensusFrame.
             * @typedef {Object} hansa.wire.ConsensusFrame.$Properties
             * @property {Array.<Uint8Array>|null} [messages] ConsensusFrame messages
             * @property {Array.<Uint8Array>|null} [incarnations] ConsensusFrame incarnations
             * @property {Array.<hansa.wire.IncarnationStored.$Properties>|null} [incarnationsStored] ConsensusFrame incarnationsStored
             * @property {Array.<Uint8Array>|null} [incarnationsHeld] ConsensusFrame incarnationsHeld
             * @property {Array.<Uint8Array>|null} [finalHeightRequests] ConsensusFrame finalHeightRequests
             * @property {Array.<hansa.wire.FinalHeight.$Properties>|null} [finalHeights] ConsensusFrame finalHeights
             * @property {Array.<hansa.wire.ProposalRequest.$Properties>|null} [proposalRequests] ConsensusFrame proposalRequests
             * @property {Array.<hansa.wire.ProposalChain.$Properties>|null} [proposalChains] ConsensusFrame proposalChains
             * @property {Array.<Uint8Array>|null} [transactionRequests] ConsensusFrame transactionRequests
             * @property {Array.<Uint8Array>|null} [transactions] ConsensusFrame transactions
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a ConsensusFrame.
             * @memberof hansa.wire
             * @interface IConsensusFrame
             * @augments hansa.wire.ConsensusFrame.$Properties
             * @deprecated Use hansa.wire.ConsensusFrame.$Properties instead.
             */

            /**
             * Shape of a ConsensusFrame.
             * @typedef {hansa.wire.ConsensusFrame.$Properties} hansa.wire.ConsensusFrame.$Shape
             */

            /**
             * Constructs a new ConsensusFrame.
             * @memberof hansa.wire
             * @classdesc Represents a ConsensusFrame.
             * @constructor
             * @param {hansa.wire.ConsensusFrame.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const ConsensusFrame = function (properties) {
                this.messages = [];
                this.incarnations = [];
                this.incarnationsStored = [];
                this.incarnationsHeld = [];
                this.finalHeightRequests = [];
                this.finalHeights = [];
                this.proposalRequests = [];
                this.proposalChains = [];
                this.transactionRequests = [];
                this.transactions = [];
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * ConsensusFrame messages.
             * @member {Array.<Uint8Array>} messages
             * @memberof hansa.wire.ConsensusFrame
             * @instance
             */
            ConsensusFrame.prototype.messages = $util.emptyArray;

            /**
             * ConsensusFrame incarnations.
             * @member {Array.<Uint8Array>} incarnations
             * @memberof hansa.wire.ConsensusFrame
             * @instance
             */
            ConsensusFrame.prototype.incarnations = $util.emptyArray;

            /**
             * ConsensusFrame incarnationsStored.
             * @member {Array.<hansa.wire.IncarnationStored.$Properties>} incarnationsStored
             * @memberof hansa.wire.ConsensusFrame
             * @instance
             */
            ConsensusFrame.prototype.incarnationsStored = $util.emptyArray;

            /**
             * ConsensusFrame incarnationsHeld.
             * @member {Array.<Uint8Array>} incarnationsHeld
             * @memberof hansa.wire.ConsensusFrame
             * @instance
             */
            ConsensusFrame.prototype.incarnationsHeld = $util.emptyArray;

            /**
             * ConsensusFrame finalHeightRequests.
             * @member {Array.<Uint8Array>} finalHeightRequests
             * @memberof hansa.wire.ConsensusFrame
             * @instance
             */
            ConsensusFrame.prototype.finalHeightRequests = $util.emptyArray;

            /**
             * ConsensusFrame finalHeights.
             * @member {Array.<hansa.wire.FinalHeight.$Properties>} finalHeights
             * @memberof hansa.wire.ConsensusFrame
             * @instance
             */
            ConsensusFrame.prototype.finalHeights = $util.emptyArray;

            /**
             * ConsensusFrame proposalRequests.
             * @member {Array.<hansa.wire.ProposalRequest.$Properties>} proposalRequests
             * @memberof hansa.wire.ConsensusFrame
             * @instance
             */
            ConsensusFrame.prototype.proposalRequests = $util.emptyArray;

            /**
             * ConsensusFrame proposalChains.
             * @member {Array.<hansa.wire.ProposalChain.$Properties>} proposalChains
             * @memberof hansa.wire.ConsensusFrame
             * @instance
             */
            ConsensusFrame.prototype.proposalChains = $util.emptyArray;

            /**
             * ConsensusFrame transactionRequests.
             * @member {Array.<Uint8Array>} transactionRequests
             * @memberof hansa.wire.ConsensusFrame
             * @instance
             */
            ConsensusFrame.prototype.transactionRequests = $util.emptyArray;

            /**
             * ConsensusFrame transactions.
             * @member {Array.<Uint8Array>} transactions
             * @memberof hansa.wire.ConsensusFrame
             * @instance
             */
            ConsensusFrame.prototype.transactions = $util.emptyArray;

            /**
             * Creates a new ConsensusFrame instance using the specified properties.
             * @function create
             * @memberof hansa.wire.ConsensusFrame
             * @static
             * @param {hansa.wire.ConsensusFrame.$Properties=} [properties] Properties to set
             * @returns {hansa.wire.ConsensusFrame} ConsensusFrame instance
             * @type {{
             *   (properties: hansa.wire.ConsensusFrame.$Shape): hansa.wire.ConsensusFrame & hansa.wire.ConsensusFrame.$Shape;
             *   (properties?: hansa.wire.ConsensusFrame.$Properties): hansa.wire.ConsensusFrame;
             * }}
             */
            ConsensusFrame.create = function(properties) {
                return new ConsensusFrame(properties);
            };

            /**
             * Encodes the specified ConsensusFrame message. Does not implicitly {@link hansa.wire.ConsensusFrame.verify|verify} messages.
             * @function encode
             * @memberof hansa.wire.ConsensusFrame
             * @static
             * @param {hansa.wire.ConsensusFrame.$Properties} message ConsensusFrame message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            ConsensusFrame.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.messages != null && message.messages.length)
                    for (let i = 0; i < message.messages.length; ++i)
                        writer.uint32(/* id 1, wireType 2 =*/10).bytes(message.messages[i]);
                if (message.incarnations != null && message.incarnations.length)
                    for (let i = 0; i < message.incarnations.length; ++i)
                        writer.uint32(/* id 2, wireType 2 =*/18).bytes(message.incarnations[i]);
                if (message.incarnationsStored != null && message.incarnationsStored.length)
                    for (let i = 0; i < message.incarnationsStored.length; ++i)
                        $root.hansa.wire.IncarnationStored.encode(message.incarnationsStored[i], writer.uint32(/* id 3, wireType 2 =*/26).fork(), _depth + 1).ldelim();
                if (message.incarnationsHeld != null && message.incarnationsHeld.length)
                    for (let i = 0; i < message.incarnationsHeld.length; ++i)
                        writer.uint32(/* id 4, wireType 2 =*/34).bytes(message.incarnationsHeld[i]);
                if (message.finalHeightRequests != null && message.finalHeightRequests.length)
                    for (let i = 0; i < message.finalHeightRequests.length; ++i)
                        writer.uint32(/* id 5, wireType 2 =*/42).bytes(message.finalHeightRequests[i]);
                if (message.finalHeights != null && message.finalHeights.length)
                    for (let i = 0; i < message.finalHeights.length; ++i)
                        $root.hansa.wire.FinalHeight.encode(message.finalHeights[i], writer.uint32(/* id 6, wireType 2 =*/50).fork(), _depth + 1).ldelim();
                if (message.proposalRequests != null && message.proposalRequests.length)
                    for (let i = 0; i < message.proposalRequests.length; ++i)
                        $root.hansa.wire.ProposalRequest.encode(message.proposalRequests[i], writer.uint32(/* id 7, wireType 2 =*/58).fork(), _depth + 1).ldelim();
                if (message.proposalChains != null && message.proposalChains.length)
                    for (let i = 0; i < message.proposalChains.length; ++i)
                        $root.hansa.wire.ProposalChain.encode(message.proposalChains[i], writer.uint32(/* id 8, wireType 2 =*/66).fork(), _depth + 1).ldelim();
                if (message.transactionRequests != null && message.transactionRequests.length)
                    for (let i = 0; i < message.transactionRequests.length; ++i)
                        writer.uint32(/* id 9, wireType 2 =*/74).bytes(message.transactionRequests[i]);
                if (message.transactions != null && message.transactions.length)
                    for (let i = 0; i < message.transactions.length; ++i)
                        writer.uint32(/* id 10, wireType 2 =*/82).bytes(message.transactions[i]);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a ConsensusFrame message from the specified reader or buffer.
             * @function decode
             * @memberof hansa.wire.ConsensusFrame
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {hansa.wire.ConsensusFrame & hansa.wire.ConsensusFrame.$Shape} ConsensusFrame
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            ConsensusFrame.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.hansa.wire.ConsensusFrame();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if (!(message.messages && message.messages.length))
                                message.messages = [];
                            message.messages.push(reader.bytes());
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            if (!(message.incarnations && message.incarnations.length))
                                message.incarnations = [];
                            message.incarnations.push(reader.bytes());
                            continue;
                        }
                    case 3: {
                            if (wireType !== 2)
                                break;
                            if (!(message.incarnationsStored && message.incarnationsStored.length))
                                message.incarnationsStored = [];
                            message.incarnationsStored.push($root.hansa.wire.IncarnationStored.decode(reader, reader.size(), $undefined, _depth + 1));
                            continue;
                        }
                    case 4: {
                            if (wireType !== 2)
                                break;
                            if (!(message.incarnationsHeld && message.incarnationsHeld.length))
                                message.incarnationsHeld = [];
                            message.incarnationsHeld.push(reader.bytes());
                            continue;
                        }
                    case 5: {
                            if (wireType !== 2)
                                break;
                            if (!(message.finalHeightRequests && message.finalHeightRequests.length))
                                message.finalHeightRequests = [];
                            message.finalHeightRequests.push(reader.bytes());
                            continue;
                        }
                    case 6: {
                            if (wireType !== 2)
                                break;
                            if (!(message.finalHeights && message.finalHeights.length))
                                message.finalHeights = [];
                            message.finalHeights.push($root.hansa.wire.FinalHeight.decode(reader, reader.size(), $undefined, _depth + 1));
                            continue;
                        }
                    case 7: {
                            if (wireType !== 2)
                                break;
                            if (!(message.proposalRequests && message.proposalRequests.length))
                                message.proposalRequests = [];
                            message.proposalRequests.push($root.hansa.wire.ProposalRequest.decode(reader, reader.size(), $undefined, _depth + 1));
                            continue;
                        }
                    case 8: {
                            if (wireType !== 2)
                                break;
                            if (!(message.proposalChains && message.proposalChains.length))
                                message.proposalChains = [];
                            message.proposalChains.push($root.hansa.wire.ProposalChain.decode(reader, reader.size(), $undefined, _depth + 1));
                            continue;
                        }
                    case 9: {
                            if (wireType !== 2)
                                break;
                            if (!(message.transactionRequests && message.transactionRequests.length))
                                message.transactionRequests = [];
                            message.transactionRequests.push(reader.bytes());
                            continue;
                        }
                    case 10: {
                            if (wireType !== 2)
                                break;
                            if (!(message.transactions && message.transactions.length))
                                message.transactions = [];
                            message.transactions.push(reader.bytes());
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return ConsensusFrame;
        })();

        wire.TransactionsFrame = (function() {

            /**
             * Properties of a TransactionsFrame.
             * @typedef {Object} hansa.wire.TransactionsFrame.$Properties
             * @property {Array.<Uint8Array>|null} [transactions] TransactionsFrame transactions
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a TransactionsFrame.
             * @memberof hansa.wire
             * @interface ITransactionsFrame
             * @augments hansa.wire.TransactionsFrame.$Properties
             * @deprecated Use hansa.wire.TransactionsFrame.$Properties instead.
             */

            /**
             * Shape of a TransactionsFrame.
             * @typedef {hansa.wire.TransactionsFrame.$Properties} hansa.wire.TransactionsFrame.$Shape
             */

            /**
             * Constructs a new TransactionsFrame.
             * @memberof hansa.wire
             * @classdesc Represents a TransactionsFrame.
             * @constructor
             * @param {hansa.wire.TransactionsFrame.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const TransactionsFrame = function (properties) {
                this.transactions = [];
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * TransactionsFrame transactions.
             * @member {Array.<Uint8Array>} transactions
             * @memberof hansa.wire.TransactionsFrame
             * @instance
             */
            TransactionsFrame.prototype.transactions = $util.emptyArray;

            /**
             * Creates a new TransactionsFrame instance using the specified properties.
             * @function create
             * @memberof hansa.wire.TransactionsFrame
             * @static
             * @param {hansa.wire.TransactionsFrame.$Properties=} [properties] Properties to set
             * @returns {hansa.wire.TransactionsFrame} TransactionsFrame instance
             * @type {{
             *   (properties: hansa.wire.TransactionsFrame.$Shape): hansa.wire.TransactionsFrame & hansa.wire.TransactionsFrame.$Shape;
             *   (properties?: hansa.wire.TransactionsFrame.$Properties): hansa.wire.TransactionsFrame;
             * }}
             */
            TransactionsFrame.create = function(properties) {
                return new TransactionsFrame(properties);
            };

            /**
             * Encodes the specified TransactionsFrame message. Does not implicitly {@link hansa.wire.TransactionsFrame.verify|verify} messages.
             * @function encode
             * @memberof hansa.wire.TransactionsFrame
             * @static
             * @param {hansa.wire.TransactionsFrame.$Properties} message TransactionsFrame message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            TransactionsFrame.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.transactions != null && message.transactions.length)
                    for (let i = 0; i < message.transactions.length; ++i)
                        writer.uint32(/* id 1, wireType 2 =*/10).bytes(message.transactions[i]);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a TransactionsFrame message from the specified reader or buffer.
             * @function decode
             * @memberof hansa.wire.TransactionsFrame
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {hansa.wire.TransactionsFrame & hansa.wire.TransactionsFrame.$Shape} TransactionsFrame
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            TransactionsFrame.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.hansa.wire.TransactionsFrame();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if (!(message.transactions && message.transactions.length))
                                message.transactions = [];
                            message.transactions.push(reader.bytes());
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return TransactionsFrame;
        })();

        wire.SyncRequest = (function() {

            /**
             * Properties of a SyncRequest.
             * @typedef {Object} hansa.wire.SyncRequest.$Properties
             * @property {Long|null} [fromHeight] SyncRequest fromHeight
             * @property {number|null} [count] SyncRequest count
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a SyncRequest.
             * @memberof hansa.wire
             * @interface ISyncRequest
             * @augments hansa.wire.SyncRequest.$Properties
             * @deprecated Use hansa.wire.SyncRequest.$Properties instead.
             */

            /**
             * Shape of a SyncRequest.
             * @typedef {hansa.wire.SyncRequest.$Properties} hansa.wire.SyncRequest.$Shape
             */

            /**
             * Constructs a new SyncRequest.
             * @memberof hansa.wire
             * @classdesc Represents a SyncRequest.
             * @constructor
             * @param {hansa.wire.SyncRequest.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const SyncRequest = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * SyncRequest fromHeight.
             * @member {Long} fromHeight
             * @memberof hansa.wire.SyncRequest
             * @instance
             */
            SyncRequest.prototype.fromHeight = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * SyncRequest count.
             * @member {number} count
             * @memberof hansa.wire.SyncRequest
             * @instance
             */
            SyncRequest.prototype.count = 0;

            /**
             * Creates a new SyncRequest instance using the specified properties.
             * @function create
             * @memberof hansa.wire.SyncRequest
             * @static
             * @param {hansa.wire.SyncRequest.$Properties=} [properties] Properties to set
             * @returns {hansa.wire.SyncRequest} SyncRequest instance
             * @type {{
             *   (properties: hansa.wire.SyncRequest.$Shape): hansa.wire.SyncRequest & hansa.wire.SyncRequest.$Shape;
             *   (properties?: hansa.wire.SyncRequest.$Properties): hansa.wire.SyncRequest;
             * }}
             */
            SyncRequest.create = function(properties) {
                return new SyncRequest(properties);
            };

            /**
             * Encodes the specified SyncRequest message. Does not implicitly {@link hansa.wire.SyncRequest.verify|verify} messages.
             * @function encode
             * @memberof hansa.wire.SyncRequest
             * @static
             * @param {hansa.wire.SyncRequest.$Properties} message SyncRequest message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            SyncRequest.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.fromHeight != null && $Object.hasOwnProperty.call(message, "fromHeight") && (typeof message.fromHeight === "object" ? message.fromHeight.low || message.fromHeight.high : message.fromHeight !== 0))
                    writer.uint32(/* id 1, wireType 0 =*/8).uint64(message.fromHeight);
                if (message.count != null && $Object.hasOwnProperty.call(message, "count") && message.count !== 0)
                    writer.uint32(/* id 2, wireType 0 =*/16).uint32(message.count);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a SyncRequest message from the specified reader or buffer.
             * @function decode
             * @memberof hansa.wire.SyncRequest
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {hansa.wire.SyncRequest & hansa.wire.SyncRequest.$Shape} SyncRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            SyncRequest.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.hansa.wire.SyncRequest();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.fromHeight = value;
                            else
                                delete message.fromHeight;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.count = value;
                            else
                                delete message.count;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return SyncRequest;
        })();

        wire.SyncBlock = (function() {

            /**
             * Properties of a SyncBlock.
             * @typedef {Object} hansa.wire.SyncBlock.$Properties
             * @property {Uint8Array|null} [header] SyncBlock header
             * @property {Uint8Array|null} [body] SyncBlock body
             * @property {Uint8Array|null} [certificate] SyncBlock certificate
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a SyncBlock.
             * @memberof hansa.wire
             * @interface ISyncBlock
             * @augments hansa.wire.SyncBlock.$Properties
             * @deprecated Use hansa.wire.SyncBlock.$Properties instead.
             */

            /**
             * Shape of a SyncBlock.
             * @typedef {hansa.wire.SyncBlock.$Properties} hansa.wire.SyncBlock.$Shape
             */

            /**
             * Constructs a new SyncBlock.
             * @memberof hansa.wire
             * @classdesc Represents a SyncBlock.
             * @constructor
             * @param {hansa.wire.SyncBlock.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const SyncBlock = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * SyncBlock header.
             * @member {Uint8Array} header
             * @memberof hansa.wire.SyncBlock
             * @instance
             */
            SyncBlock.prototype.header = $util.newBuffer([]);

            /**
             * SyncBlock body.
             * @member {Uint8Array} body
             * @memberof hansa.wire.SyncBlock
             * @instance
             */
            SyncBlock.prototype.body = $util.newBuffer([]);

            /**
             * SyncBlock certificate.
             * @member {Uint8Array} certificate
             * @memberof hansa.wire.SyncBlock
             * @instance
             */
            SyncBlock.prototype.certificate = $util.newBuffer([]);

            /**
             * Creates a new SyncBlock instance using the specified properties.
             * @function create
             * @memberof hansa.wire.SyncBlock
             * @static
             * @param {hansa.wire.SyncBlock.$Properties=} [properties] Properties to set
             * @returns {hansa.wire.SyncBlock} SyncBlock instance
             * @type {{
             *   (properties: hansa.wire.SyncBlock.$Shape): hansa.wire.SyncBlock & hansa.wire.SyncBlock.$Shape;
             *   (properties?: hansa.wire.SyncBlock.$Properties): hansa.wire.SyncBlock;
             * }}
             */
            SyncBlock.create = function(properties) {
                return new SyncBlock(properties);
            };

            /**
             * Encodes the specified SyncBlock message. Does not implicitly {@link hansa.wire.SyncBlock.verify|verify} messages.
             * @function encode
             * @memberof hansa.wire.SyncBlock
             * @static
             * @param {hansa.wire.SyncBlock.$Properties} message SyncBlock message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            SyncBlock.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.header != null && $Object.hasOwnProperty.call(message, "header") && message.header.length)
                    writer.uint32(/* id 1, wireType 2 =*/10).bytes(message.header);
                if (message.body != null && $Object.hasOwnProperty.call(message, "body") && message.body.length)
                    writer.uint32(/* id 2, wireType 2 =*/18).bytes(message.body);
                if (message.certificate != null && $Object.hasOwnProperty.call(message, "certificate") && message.certificate.length)
                    writer.uint32(/* id 3, wireType 2 =*/26).bytes(message.certificate);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a SyncBlock message from the specified reader or buffer.
             * @function decode
             * @memberof hansa.wire.SyncBlock
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {hansa.wire.SyncBlock & hansa.wire.SyncBlock.$Shape} SyncBlock
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            SyncBlock.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.hansa.wire.SyncBlock();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.header = value;
                            else
                                delete message.header;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.body = value;
                            else
                                delete message.body;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.certificate = value;
                            else
                                delete message.certificate;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return SyncBlock;
        })();

        wire.SyncResponse = (function() {

            /**
             * Properties of a SyncResponse.
             * @typedef {Object} hansa.wire.SyncResponse.$Properties
             * @property {Array.<hansa.wire.SyncBlock.$Properties>|null} [blocks] SyncResponse blocks
             * @property {boolean|null} [busy] SyncResponse busy
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a SyncResponse.
             * @memberof hansa.wire
             * @interface ISyncResponse
             * @augments hansa.wire.SyncResponse.$Properties
             * @deprecated Use hansa.wire.SyncResponse.$Properties instead.
             */

            /**
             * Shape of a SyncResponse.
             * @typedef {hansa.wire.SyncResponse.$Properties} hansa.wire.SyncResponse.$Shape
             */

            /**
             * Constructs a new SyncResponse.
             * @memberof hansa.wire
             * @classdesc Represents a SyncResponse.
             * @constructor
             * @param {hansa.wire.SyncResponse.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const SyncResponse = function (properties) {
                this.blocks = [];
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * SyncResponse blocks.
             * @member {Array.<hansa.wire.SyncBlock.$Properties>} blocks
             * @memberof hansa.wire.SyncResponse
             * @instance
             */
            SyncResponse.prototype.blocks = $util.emptyArray;

            /**
             * SyncResponse busy.
             * @member {boolean} busy
             * @memberof hansa.wire.SyncResponse
             * @instance
             */
            SyncResponse.prototype.busy = false;

            /**
             * Creates a new SyncResponse instance using the specified properties.
             * @function create
             * @memberof hansa.wire.SyncResponse
             * @static
             * @param {hansa.wire.SyncResponse.$Properties=} [properties] Properties to set
             * @returns {hansa.wire.SyncResponse} SyncResponse instance
             * @type {{
             *   (properties: hansa.wire.SyncResponse.$Shape): hansa.wire.SyncResponse & hansa.wire.SyncResponse.$Shape;
             *   (properties?: hansa.wire.SyncResponse.$Properties): hansa.wire.SyncResponse;
             * }}
             */
            SyncResponse.create = function(properties) {
                return new SyncResponse(properties);
            };

            /**
             * Encodes the specified SyncResponse message. Does not implicitly {@link hansa.wire.SyncResponse.verify|verify} messages.
             * @function encode
             * @memberof hansa.wire.SyncResponse
             * @static
             * @param {hansa.wire.SyncResponse.$Properties} message SyncResponse message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            SyncResponse.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.blocks != null && message.blocks.length)
                    for (let i = 0; i < message.blocks.length; ++i)
                        $root.hansa.wire.SyncBlock.encode(message.blocks[i], writer.uint32(/* id 1, wireType 2 =*/10).fork(), _depth + 1).ldelim();
                if (message.busy != null && $Object.hasOwnProperty.call(message, "busy") && message.busy !== false)
                    writer.uint32(/* id 2, wireType 0 =*/16).bool(message.busy);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a SyncResponse message from the specified reader or buffer.
             * @function decode
             * @memberof hansa.wire.SyncResponse
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {hansa.wire.SyncResponse & hansa.wire.SyncResponse.$Shape} SyncResponse
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            SyncResponse.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.hansa.wire.SyncResponse();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if (!(message.blocks && message.blocks.length))
                                message.blocks = [];
                            message.blocks.push($root.hansa.wire.SyncBlock.decode(reader, reader.size(), $undefined, _depth + 1));
                            continue;
                        }
                    case 2: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.bool())
                                message.busy = value;
                            else
                                delete message.busy;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return SyncResponse;
        })();

        wire.SyncFrame = (function() {

            /**
             * Properties of a SyncFrame.
             * @typedef {Object} hansa.wire.SyncFrame.$Properties
             * @property {number|null} [requestId] SyncFrame requestId
             * @property {hansa.wire.SyncRequest.$Properties|null} [request] SyncFrame request
             * @property {hansa.wire.SyncResponse.$Properties|null} [response] SyncFrame response
             * @property {Long|null} [changesRequest] SyncFrame changesRequest
             * @property {Uint8Array|null} [changes] SyncFrame changes
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a SyncFrame.
             * @memberof hansa.wire
             * @interface ISyncFrame
             * @augments hansa.wire.SyncFrame.$Properties
             * @deprecated Use hansa.wire.SyncFrame.$Properties instead.
             */

            /**
             * Shape of a SyncFrame.
             * @typedef {hansa.wire.SyncFrame.$Properties} hansa.wire.SyncFrame.$Shape
             */

            /**
             * Constructs a new SyncFrame.
             * @memberof hansa.wire
             * @classdesc Represents a SyncFrame.
             * @constructor
             * @param {hansa.wire.SyncFrame.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const SyncFrame = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * SyncFrame requestId.
             * @member {number} requestId
             * @memberof hansa.wire.SyncFrame
             * @instance
             */
            SyncFrame.prototype.requestId = 0;

            /**
             * SyncFrame request.
             * @member {hansa.wire.SyncRequest.$Properties|null|undefined} request
             * @memberof hansa.wire.SyncFrame
             * @instance
             */
            SyncFrame.prototype.request = null;

            /**
             * SyncFrame response.
             * @member {hansa.wire.SyncResponse.$Properties|null|undefined} response
             * @memberof hansa.wire.SyncFrame
             * @instance
             */
            SyncFrame.prototype.response = null;

            /**
             * SyncFrame changesRequest.
             * @member {Long} changesRequest
             * @memberof hansa.wire.SyncFrame
             * @instance
             */
            SyncFrame.prototype.changesRequest = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * SyncFrame changes.
             * @member {Uint8Array} changes
             * @memberof hansa.wire.SyncFrame
             * @instance
             */
            SyncFrame.prototype.changes = $util.newBuffer([]);

            /**
             * Creates a new SyncFrame instance using the specified properties.
             * @function create
             * @memberof hansa.wire.SyncFrame
             * @static
             * @param {hansa.wire.SyncFrame.$Properties=} [properties] Properties to set
             * @returns {hansa.wire.SyncFrame} SyncFrame instance
             * @type {{
             *   (properties: hansa.wire.SyncFrame.$Shape): hansa.wire.SyncFrame & hansa.wire.SyncFrame.$Shape;
             *   (properties?: hansa.wire.SyncFrame.$Properties): hansa.wire.SyncFrame;
             * }}
             */
            SyncFrame.create = function(properties) {
                return new SyncFrame(properties);
            };

            /**
             * Encodes the specified SyncFrame message. Does not implicitly {@link hansa.wire.SyncFrame.verify|verify} messages.
             * @function encode
             * @memberof hansa.wire.SyncFrame
             * @static
             * @param {hansa.wire.SyncFrame.$Properties} message SyncFrame message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            SyncFrame.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.requestId != null && $Object.hasOwnProperty.call(message, "requestId") && message.requestId !== 0)
                    writer.uint32(/* id 1, wireType 0 =*/8).uint32(message.requestId);
                if (message.request != null && $Object.hasOwnProperty.call(message, "request"))
                    $root.hansa.wire.SyncRequest.encode(message.request, writer.uint32(/* id 2, wireType 2 =*/18).fork(), _depth + 1).ldelim();
                if (message.response != null && $Object.hasOwnProperty.call(message, "response"))
                    $root.hansa.wire.SyncResponse.encode(message.response, writer.uint32(/* id 3, wireType 2 =*/26).fork(), _depth + 1).ldelim();
                if (message.changesRequest != null && $Object.hasOwnProperty.call(message, "changesRequest") && (typeof message.changesRequest === "object" ? message.changesRequest.low || message.changesRequest.high : message.changesRequest !== 0))
                    writer.uint32(/* id 4, wireType 0 =*/32).uint64(message.changesRequest);
                if (message.changes != null && $Object.hasOwnProperty.call(message, "changes") && message.changes.length)
                    writer.uint32(/* id 5, wireType 2 =*/42).bytes(message.changes);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a SyncFrame message from the specified reader or buffer.
             * @function decode
             * @memberof hansa.wire.SyncFrame
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {hansa.wire.SyncFrame & hansa.wire.SyncFrame.$Shape} SyncFrame
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            SyncFrame.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.hansa.wire.SyncFrame();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.requestId = value;
                            else
                                delete message.requestId;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            message.request = $root.hansa.wire.SyncRequest.decode(reader, reader.size(), $undefined, _depth + 1, message.request);
                            continue;
                        }
                    case 3: {
                            if (wireType !== 2)
                                break;
                            message.response = $root.hansa.wire.SyncResponse.decode(reader, reader.size(), $undefined, _depth + 1, message.response);
                            continue;
                        }
                    case 4: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.changesRequest = value;
                            else
                                delete message.changesRequest;
                            continue;
                        }
                    case 5: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.changes = value;
                            else
                                delete message.changes;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return SyncFrame;
        })();

        return wire;
    })();

    return hansa;
})();

export {
  $root as default
};
