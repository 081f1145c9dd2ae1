declare module "virtual:model" {
  const url: string;
  export default url;
}

declare module "*.onnx?url" {
  const url: string;
  export default url;
}
